// Grey-level erosion: minimum over the 3 x 3 window cut at the border.
void erode3x3(int rows, int cols, const unsigned char* in, unsigned char* out) {
    #pragma omp parallel for schedule(guided)
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) {
            unsigned char low = 255;
            for (int i = r - 1; i <= r + 1; i++) {
                if (i < 0 || i >= rows) continue;
                for (int j = c - 1; j <= c + 1; j++) {
                    if (j < 0 || j >= cols) continue;
                    if (in[i * cols + j] < low) low = in[i * cols + j];
                }
            }
            out[r * cols + c] = low;
        }
    }
}
