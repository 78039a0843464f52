void standard_scores(double *v, int n, double mean, double sd)
{
    if (sd == 0) {
        for (int i = 0; i < n; i++) v[i] = 0;
        return;
    }
    for (int i = 0; i < n; i++) v[i] = (v[i] - mean) / sd;
}
