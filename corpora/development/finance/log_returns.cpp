void log_returns(const double *close, double *ret, int n)
{
    if (n < 2) return;
    for (int i = 1; i < n; i++)
        ret[i - 1] = (close[i] > 0 && close[i - 1] > 0) ? log(close[i] / close[i - 1]) : 0.0;
}
