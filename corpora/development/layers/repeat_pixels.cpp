void repeat_pixels(const float *small_map, float *big_map, int rows, int cols, int factor)
{
    if (factor < 1) return;
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) {
            float v = small_map[r * cols + c];
            for (int a = 0; a < factor; a++)
                for (int b = 0; b < factor; b++)
                    big_map[(r * factor + a) * cols * factor + c * factor + b] = v;
        }
    }
}
