void one_hot_labels(const unsigned char *label, float *hot, int n, int classes, float off_value, float on_value)
{
    for (int i = 0; i < n * classes; i++) {
        int row = i / classes;
        int col = i % classes;
        hot[i] = (col == label[row]) ? on_value : off_value;
    }
}
