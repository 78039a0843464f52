void pitched_transpose(unsigned int *dst, size_t dst_pitch, const unsigned int *src, size_t src_pitch, size_t rows, size_t cols)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            dst[c * dst_pitch + r] = src[r * src_pitch + c];
}
