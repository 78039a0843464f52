void call_payoffs(double *v, int steps, double s0, double up, double down, double strike)
{
    for (int i = 0; i <= steps; i++) {
        double s = s0 * pow(up, steps - i) * pow(down, i);
        v[i] = s > strike ? s - strike : 0.0;
    }
}
