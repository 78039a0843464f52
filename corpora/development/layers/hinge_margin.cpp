double hinge_margin(const double *score, const signed char *label, int n)
{
    double total = 0.0;
    int i = 0;
    while (i < n)
    {
        double m = 1.0 - label[i] * score[i];
        if (m > 0.0)
            total += m;
        i++;
    }
    return total;
}
