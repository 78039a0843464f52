// `sweeps` successive over-relaxation sweeps in red-black order on a rows x cols row-major grid, zero outside.
void sor_redblack(int rows, int cols, int sweeps, float omega, const float *f, float *u)
{
    for (int s = 0; s < sweeps; s++)
        for (int colour = 0; colour < 2; colour++)
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < cols; j++) {
                    if ((i + j) % 2 != colour)
                        continue;
                    int c = i * cols + j;
                    float around = (i > 0 ? u[c - cols] : 0.0f) + (i < rows - 1 ? u[c + cols] : 0.0f);
                    around += (j > 0 ? u[c - 1] : 0.0f) + (j < cols - 1 ? u[c + 1] : 0.0f);
                    u[c] = (1.0f - omega) * u[c] + omega * 0.25f * (around - f[c]);
                }
}
