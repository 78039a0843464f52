float logits_loss(const float *logits, const int *labels, int rows, int classes)
{
    float loss = 0.0f;
    for (int r = 0; r < rows; r++) {
        const float *z = logits + r * classes;
        float top = z[0];
        for (int c = 1; c < classes; c++)
            if (z[c] > top) top = z[c];
        float denom = 0.0f;
        for (int c = 0; c < classes; c++)
            denom += expf(z[c] - top);
        loss += logf(denom) + top - z[labels[r]];
    }
    return loss / rows;
}
