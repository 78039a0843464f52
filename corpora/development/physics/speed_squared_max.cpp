double speed_squared_max(double **vel, int n, int dim)
{
    double most = 0;
    for (int i = 0; i < n; i++) {
        double s = 0;
        for (int k = 0; k < dim; k++)
            s += vel[i][k] * vel[i][k];
        if (s > most)
            most = s;
    }
    return most;
}
