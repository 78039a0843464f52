float box_overlap(float ax, float ay, float aw, float ah, float bx, float by, float bw, float bh)
{
    float left = fmaxf(ax - aw / 2, bx - bw / 2);
    float right = fminf(ax + aw / 2, bx + bw / 2);
    float top = fmaxf(ay - ah / 2, by - bh / 2);
    float bottom = fminf(ay + ah / 2, by + bh / 2);
    if (right <= left || bottom <= top)
        return 0.0f;
    float inter = (right - left) * (bottom - top);
    return inter / (aw * ah + bw * bh - inter);
}
