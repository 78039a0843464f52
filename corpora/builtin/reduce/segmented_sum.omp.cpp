// Sums of consecutive segments: segment s covers values[start[s]] to values[start[s+1] - 1]; start ascends from 0.
void segmented_sum(int segments, const int *start, const double *values, double *sums)
{
    // Segments differ in length, so each is a task.
    #pragma omp parallel
    #pragma omp single
    for (int s = 0; s < segments; s++) {
        #pragma omp task firstprivate(s)
        {
            double total = 0.0;
            for (int i = start[s]; i < start[s + 1]; i++)
                total += values[i];
            sums[s] = total;
        }
    }
}
