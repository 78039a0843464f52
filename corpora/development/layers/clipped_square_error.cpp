double clipped_square_error(const float *guess, const float *goal, float *grad, int n, float knee)
{
    double cost = 0;
    for (int i = 0; i < n; i++) {
        float e = guess[i] - goal[i];
        if (e > knee) {
            grad[i] = knee;
            cost += knee * (e - 0.5 * knee);
        } else if (e < -knee) {
            grad[i] = -knee;
            cost += -knee * (e + 0.5 * knee);
        } else {
            grad[i] = e;
            cost += 0.5 * e * e;
        }
    }
    return cost;
}
