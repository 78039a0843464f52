void softplus_capped(double *a, int len, double cap)
{
    for (int i = 0; i < len; i++) {
        if (a[i] > cap) continue;
        a[i] = log(1.0 + exp(a[i]));
    }
}
