void mirror_rows(int *image, int width, int height)
{
    for (int row = 0; row < height; row++)
    {
        int *left = image + row * width;
        int *right = left + width - 1;
        while (left < right)
        {
            int tmp = *left;
            *left++ = *right;
            *right-- = tmp;
        }
    }
}
