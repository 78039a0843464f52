// Unfold [c][h][w] into columns [c * k * k][h * w] for a k x k filter with zero padding k / 2.
void im2col(int c, int h, int w, int k, const float *img, float *col)
{
    int rows = c * k * k;
    for (int r = 0; r < rows; r++) {
        int dx = r % k - k / 2;
        int dy = (r / k) % k - k / 2;
        int ch = r / (k * k);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                int sy = y + dy, sx = x + dx;
                bool inside = sy >= 0 && sy < h && sx >= 0 && sx < w;
                col[r * h * w + y * w + x] = inside ? img[(ch * h + sy) * w + sx] : 0.0f;
            }
    }
}
