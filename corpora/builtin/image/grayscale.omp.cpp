// Luma of interleaved RGB bytes with integer weights 77, 150, 29 over 256.
void grayscale(int n_pixels, const unsigned char *rgb, unsigned char *gray)
{
    #pragma omp parallel for simd
    for (int i = 0; i < n_pixels; i++) {
        int r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        gray[i] = (unsigned char)((77 * r + 150 * g + 29 * b) >> 8);
    }
}
