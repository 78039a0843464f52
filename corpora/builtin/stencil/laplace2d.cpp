// One Jacobi sweep for the Laplace equation on a rows x cols grid; the frame is copied.
void laplace2d(int rows, int cols, const double *old_grid, double *new_grid) {
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < cols; ++j) {
            int p = i * cols + j;
            if (i == 0 || j == 0 || i == rows - 1 || j == cols - 1) {
                new_grid[p] = old_grid[p];
            } else {
                new_grid[p] = 0.25 * (old_grid[p - cols] + old_grid[p + cols] + old_grid[p - 1] + old_grid[p + 1]);
            }
        }
    }
}
