void complement_strand(const char *dna, char *out, int n)
{
    for (int i = 0; i < n; i++) {
        char c = dna[n - 1 - i];
        switch (c) {
            case 'A': out[i] = 'T'; break;
            case 'T': out[i] = 'A'; break;
            case 'C': out[i] = 'G'; break;
            case 'G': out[i] = 'C'; break;
            default: out[i] = 'N';
        }
    }
}
