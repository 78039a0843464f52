// `sweeps` successive over-relaxation sweeps in red-black order on a rows x cols row-major grid, boundary values fixed.
void sor_redblack(int rows, int cols, int sweeps, float omega, const float *f, float *u)
{
    for (int s = 0; s < sweeps; s++)
        for (int colour = 0; colour < 2; colour++)
            for (int i = 1; i < rows - 1; i++)
                for (int j = 1; j < cols - 1; j++) {
                    if ((i + j) % 2 != colour)
                        continue;
                    int c = i * cols + j;
                    float gs = 0.25f * (u[c - cols] + u[c + cols] + u[c - 1] + u[c + 1] - f[c]);
                    u[c] = (1.0f - omega) * u[c] + omega * gs;
                }
}
