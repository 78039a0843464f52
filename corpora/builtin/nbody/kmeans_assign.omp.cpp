// Label of the nearest of k centres for each of n points in dim dimensions, the first when tied.
static float squared_distance(const float *p, const float *c, int dim)
{
    float s = 0.0f;
    for (int d = 0; d < dim; d++)
        s += (p[d] - c[d]) * (p[d] - c[d]);
    return s;
}

void kmeans_assign(int n, int k, int dim, const float *points, const float *centres, int *label)
{
    #pragma omp parallel for schedule(static)
    for (int i = 0; i < n; i++) {
        int best = 0;
        float least = squared_distance(points + i * dim, centres, dim);
        for (int c = 1; c < k; c++) {
            float s = squared_distance(points + i * dim, centres + c * dim, dim);
            if (s < least) {
                least = s;
                best = c;
            }
        }
        label[i] = best;
    }
}
