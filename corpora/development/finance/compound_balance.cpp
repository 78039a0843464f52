void compound_balance(float *balance, const float *deposit, int accounts, int months, float monthly_rate)
{
    for (int a = 0; a < accounts; a++) {
        float b = balance[a];
        for (int m = 0; m < months; m++)
            b = b * (1 + monthly_rate) + deposit[a];
        balance[a] = b;
    }
}
