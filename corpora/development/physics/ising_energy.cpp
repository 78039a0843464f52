int ising_energy(const signed char *spin, int L)
{
    int e = 0;
    for (int r = 0; r < L; r++)
        for (int c = 0; c < L; c++) {
            int s = spin[r * L + c];
            int right = spin[r * L + (c + 1) % L];
            int down = spin[((r + 1) % L) * L + c];
            e -= s * (right + down);
        }
    return e;
}
