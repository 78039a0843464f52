// New centres as means of their points; labels outside [0, k) are left out; a centre without points keeps its place.
void kmeans_update(int n, int k, int dim, const double *points, const int *label, double *centres, int *count)
{
    for (int c = 0; c < k; c++)
        count[c] = 0;
    for (int i = 0; i < n; i++)
        if (label[i] >= 0 && label[i] < k)
            count[label[i]]++;
    for (int c = 0; c < k; c++)
        for (int d = 0; d < dim; d++) {
            if (count[c] == 0)
                continue;
            double sum = 0.0;
            for (int i = 0; i < n; i++)
                if (label[i] == c)
                    sum += points[i * dim + d];
            centres[c * dim + d] = sum / count[c];
        }
}
