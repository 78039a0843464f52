void gain_loss_split(const float *close, int n, int period, float *up, float *down)
{
    for (int t = period; t < n; t++) {
        float g = 0, l = 0;
        for (int k = t - period + 1; k <= t; k++) {
            float d = close[k] - close[k - 1];
            if (d > 0)
                g += d;
            else
                l -= d;
        }
        up[t] = g / period;
        down[t] = l / period;
    }
}
