bool spread_labels(int *label, int w, int h)
{
    bool changed = false;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            int at = y * w + x;
            if (label[at] == 0) continue;
            int best = label[at];
            if (x > 0 && label[at - 1] > best) best = label[at - 1];
            if (y > 0 && label[at - w] > best) best = label[at - w];
            if (best != label[at]) {
                label[at] = best;
                changed = true;
            }
        }
    }
    return changed;
}
