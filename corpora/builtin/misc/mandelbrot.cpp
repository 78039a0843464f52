// Escape iteration of z -> z^2 + c on a w x h raster starting at (x_min, y_min) with spacing step.
void mandelbrot(int w, int h, int max_iter, double x_min, double y_min, double step, int *iters)
{
    for (int row = 0; row < h; row++) {
        for (int col = 0; col < w; col++) {
            double cr = x_min + col * step, ci = y_min + row * step;
            double zr = 0.0, zi = 0.0;
            int k = 0;
            while (k < max_iter && zr * zr + zi * zi <= 4.0) {
                double t = zr * zr - zi * zi + cr;
                zi = 2.0 * zr * zi + ci;
                zr = t;
                k++;
            }
            iters[row * w + col] = k;
        }
    }
}
