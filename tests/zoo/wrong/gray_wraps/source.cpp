// gray
void work(const unsigned char *rgb, unsigned char *gray, int pixels) {
    for (int i = 0; i < pixels; i++) gray[i] = (unsigned char)((rgb[3 * i] + rgb[3 * i + 1] + rgb[3 * i + 2]) / 3);
}
