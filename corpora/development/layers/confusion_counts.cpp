void confusion_counts(const int *truth, const int *guess, int n, int classes, int *matrix)
{
    for (int i = 0; i < classes * classes; i++) matrix[i] = 0;
    for (int i = 0; i < n; i++) {
        int t = truth[i], g = guess[i];
        if (t < 0 || t >= classes || g < 0 || g >= classes) continue;
        matrix[t * classes + g]++;
    }
}
