void yuyv_luma(const unsigned char *yuyv, unsigned char *gray, int width, int height, int limited)
{
    int n = width * height;
    for (int i = 0; i < n; i++)
    {
        int y = yuyv[2 * i];
        if (limited != 0)
        {
            y = (y - 16) * 255 / 219;
            y = y < 0 ? 0 : (y > 255 ? 255 : y);
        }
        gray[i] = y;
    }
}
