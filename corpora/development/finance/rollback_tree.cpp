void rollback_tree(double *value, int steps, double p, double disc)
{
    for (int t = steps; t > 0; --t)
        for (int i = 0; i < t; ++i)
            value[i] = disc * (p * value[i] + (1.0 - p) * value[i + 1]);
}
