void normalize_planes(const unsigned char *hwc, float *chw, int hw, float mean, float stddev)
{
    for (int c = 0; c < 3; c++) {
        float *plane = chw + c * hw;
        for (int i = 0; i < hw; i++) {
            plane[i] = (hwc[i * 3 + c] / 255.0f - mean) / stddev;
        }
    }
}
