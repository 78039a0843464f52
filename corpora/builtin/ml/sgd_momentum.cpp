// SGD with weight decay and Nesterov momentum, in place.
void sgd_momentum(long n, double lr, double mu, double decay, const double *grad, double *velocity, double *w)
{
    for (long i = 0; i < n; ++i) {
        double g = grad[i] + decay * w[i];
        velocity[i] = mu * velocity[i] + g;
        w[i] -= lr * (g + mu * velocity[i]);
    }
}
