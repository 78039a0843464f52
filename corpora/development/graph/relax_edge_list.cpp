bool relax_edge_list(const int *from, const int *to, const int *cost, int edges, int *dist)
{
    bool any = false;
    for (int e = 0; e < edges; e++) {
        int d = dist[from[e]] + cost[e];
        if (d < dist[to[e]]) {
            dist[to[e]] = d;
            any = true;
        }
    }
    return any;
}
