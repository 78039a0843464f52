// Rotate a rows x cols byte image by 90 degrees clockwise; the result is cols x rows.
void rotate90(int rows, int cols, const unsigned char *in, unsigned char *out)
{
    #pragma omp parallel for collapse(2)
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            out[c * rows + (rows - 1 - r)] = in[r * cols + c];
}
