void leaky_forward(float *x, int n, float slope)
{
    int i;
    for(i = 0; i < n; ++i){
        if(x[i] < 0) x[i] *= slope;
    }
}
