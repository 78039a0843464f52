// Add bias[c] to column c of a rows x cols activation matrix, in place.
void bias_add(int rows, int cols, const float *bias, float *act)
{
    float *p = act;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            *p++ += bias[c];
}
