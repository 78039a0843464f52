void kronecker(const int *a, int ar, int ac, const int *b, int br, int bc, int *out)
{
    for (int i = 0; i < ar * br; i++) {
        for (int j = 0; j < ac * bc; j++) {
            out[i * ac * bc + j] = a[(i / br) * ac + j / bc] * b[(i % br) * bc + j % bc];
        }
    }
}
