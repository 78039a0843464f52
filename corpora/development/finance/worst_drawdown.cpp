float worst_drawdown(const float *price, int days)
{
    float peak = price[0], worst = 0;
    for (int d = 1; d < days; d++) {
        if (price[d] > peak) {
            peak = price[d];
        } else {
            float drop = peak - price[d];
            if (drop > worst) worst = drop;
        }
    }
    return worst;
}
