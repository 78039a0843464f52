void follow_parents(const int *parent, int *root, int n)
{
    for (int i = 0; i < n; i++) {
        int r = i;
        int hops = 0;
        while (parent[r] != r && hops < n) {
            r = parent[r];
            hops++;
        }
        root[i] = r;
    }
}
