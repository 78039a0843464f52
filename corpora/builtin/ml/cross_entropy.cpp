// Mean cross entropy of softmax(logits) (n x classes) against labels; rows whose label is outside [0, classes) are left out.
double cross_entropy(int n, int classes, const double *logits, const int *labels)
{
    double loss = 0.0;
    int counted = 0;
    for (int i = 0; i < n; i++) {
        if (labels[i] < 0 || labels[i] >= classes)
            continue;
        const double *row = logits + i * classes;
        double top = row[0];
        for (int c = 1; c < classes; c++)
            if (row[c] > top) top = row[c];
        double sum = 0.0;
        for (int c = 0; c < classes; c++)
            sum += exp(row[c] - top);
        loss += log(sum) + top - row[labels[i]];
        counted++;
    }
    return counted > 0 ? loss / counted : 0.0;
}
