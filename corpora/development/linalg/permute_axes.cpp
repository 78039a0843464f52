void permute_axes(const float *in, float *out, int a, int b, int c)
{
    for (int i = 0; i < a; i++)
        for (int j = 0; j < b; j++)
            for (int k = 0; k < c; k++)
                out[(k * a + i) * b + j] = in[(i * b + j) * c + k];
}
