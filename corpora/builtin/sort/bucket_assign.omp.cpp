// bucket[i] = how many of the k splitters are <= x[i]; size[k + 1] counts the members of each bucket.
void bucket_assign(int n, int k, const float *x, const float *splitter, int *bucket, int *size)
{
    for (int b = 0; b <= k; b++)
        size[b] = 0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        int b = 0;
        for (int s = 0; s < k; s++)
            if (splitter[s] <= x[i])
                b++;
        bucket[i] = b;
        #pragma omp atomic update
        size[b] += 1;
    }
}
