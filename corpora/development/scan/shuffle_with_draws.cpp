void shuffle_with_draws(int *deck, const unsigned int *draw, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)(draw[i] % (unsigned int)(i + 1));
        int t = deck[i];
        deck[i] = deck[j];
        deck[j] = t;
    }
}
