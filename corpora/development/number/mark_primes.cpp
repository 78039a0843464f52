void mark_primes(unsigned char *prime, int n)
{
    for (int i = 0; i < n; i++) {
        prime[i] = i >= 2;
        for (int d = 2; d * d <= i; d++) {
            if (i % d == 0) {
                prime[i] = 0;
                break;
            }
        }
    }
}
