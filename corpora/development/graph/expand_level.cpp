int expand_level(const int *row, const int *col, int *level, int n, int depth)
{
    int found = 0;
    for (int u = 0; u < n; u++) {
        if (level[u] != depth) continue;
        for (int e = row[u]; e < row[u + 1]; e++) {
            if (level[col[e]] < 0) {
                level[col[e]] = depth + 1;
                found++;
            }
        }
    }
    return found;
}
