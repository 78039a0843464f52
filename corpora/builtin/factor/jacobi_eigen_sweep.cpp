// One cyclic sweep of Jacobi rotations over the symmetric n x n row-major A (both triangles are stored).
void jacobi_eigen_sweep(int n, double *A)
{
    for (int p = 0; p < n - 1; p++)
        for (int q = p + 1; q < n; q++) {
            double apq = A[p * n + q];
            if (apq == 0.0) continue;
            double theta = (A[q * n + q] - A[p * n + p]) / (2.0 * apq);
            double t = 1.0 / (fabs(theta) + sqrt(theta * theta + 1.0));
            if (theta < 0.0) t = -t;
            double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
            for (int k = 0; k < n; k++) {
                double x = A[k * n + p], y = A[k * n + q];
                A[k * n + p] = c * x - s * y;
                A[k * n + q] = s * x + c * y;
            }
            for (int k = 0; k < n; k++) {
                double x = A[p * n + k], y = A[q * n + k];
                A[p * n + k] = c * x - s * y;
                A[q * n + k] = s * x + c * y;
            }
        }
}
