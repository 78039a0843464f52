void manhattan_table(const int *a, const int *b, int *dist, int na, int nb, int dim)
{
    for (int i = 0; i < na; i++)
        for (int j = 0; j < nb; j++) {
            int sum = 0;
            for (int k = 0; k < dim; k++)
                sum += abs(a[i * dim + k] - b[j * dim + k]);
            dist[i * nb + j] = sum;
        }
}
