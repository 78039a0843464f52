"""Identifiers as people choose them, and function names made of two words. No Fortran keyword is
among them.

python -c "from corpora.generator.core.names import ARRAYS; print(len(ARRAYS))"
"""

from __future__ import annotations


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    """The groups of words, with commas between them, that belong together."""
    return tuple(tuple(group.split()) for group in text.split(", "))


ARRAYS = tuple(
    "a b c x y z A B C X Y u v w p q src dst input output d_in d_out h_in h_out vec vec1 vec2 arr "
    "arr1 arr2 buf buffer mat matA matB matC values result img image pixels grad weights bias "
    "delta error pred truth sig_in filtered field temp_old temp_new vel pos mass force density "
    "pressure phi rho psi flux coef scores feat activations cost energy samples bins dev_a dev_b "
    "dev_c in1 in2 out1 noise state probs logits means var_est table lut cells grid_in grid_out "
    "xs ys xbar residual rhs sol momentum tmp_buf dataIn dataOut".split()
)
INDEX_ARRAYS = tuple(
    "idx_list indices ids map perm order link head_idx lookup neighbors labels keys offsets "
    "assign_to cell_id".split()
)
MASKS = tuple("mask flag flags valid active keep status visited label_in cls".split())
SIZES = tuple(
    "n N size len length num count total dims numElements nElem array_size vector_size numPoints "
    "numItems n_elem totalSize M L".split()
)
EXTENTS = _groups(
    "height width, h w, rows cols, m n, ny nx, numRows numCols, M N, dimY dimX, imageH "
    "imageW, n_rows n_cols, r c, batch dim, NY NX, numSamples numFeatures, outer inner"
)
DEPTHS = tuple("depth nz channels c batch filters d nc numChannels layers NZ planes".split())
SCALARS = tuple(
    "alpha beta gamma_ scale factor s value thr threshold bias0 lambda_ eps rate dt dx coeff "
    "weight shift ALPHA sigma tau decay lr amount gain k0 c1 c2 omega".split()
)
COUNTS = tuple(
    "stride offset INCX INCY inc step pitch skip_n nbins clsNum dim_k period window "
    "shift_n group".split()
)
LOCALS = tuple(
    "t tmp temp val v diff d0 cur s0 res acc p0 q0 left right old prev e1 e2 ratio term cx cy "
    "dist element delta_v mag".split()
)
SUMS = tuple("sum acc total_sum s dot tmp_sum result_sum accum norm mean avg".split())
EXTREMES = tuple("best max_val min_val maxVal top m0 peak largest smallest bound".split())
FLATS = tuple("idx index id pos offset0 ind loc k_idx cell out_idx in_idx pix".split())
PLANES = tuple("plane area size2d step imageSize slice_n spatial_n nm hw0".split())
LOOPS = tuple("i idx tid index id k gid x pos0 ii i0 t0".split())
GRIDS = _groups(
    "i j k, row col ch, y x z, x y z, r0 c0 b0, ty tx tz, i1 i2 i3, col row dep, yy xx zz"
)
INNER = tuple("j k l jj kk q0 t1 m1 it f0".split())
VERBS = tuple(
    "add scale mul sub init fill copy update compute apply set reset normalize clamp blend "
    "accumulate shift merge square filter smooth gather scatter transform convert threshold relax "
    "advance diffuse project weight compare mark pack".split()
)
NOUNS = tuple(
    "vector array matrix rows cols image pixels values grid field elements points data_block "
    "cells weights samples particles channels features buffer mask signal state bins forces "
    "labels scores gradients nodes planes".split()
)
SERIAL_ENDS = ("_cpu", "_cpu", "", "", "CPU", "OnHost", "_serial", "_c", "Host", "_host")
KERNEL_ENDS = ("_kernel", "_kernel", "", "", "Kernel", "GPU", "OnDevice", "_gpu", "_cuda", "_k")
PARAMETER_TYPES = tuple(
    "Params Params Parameters Config Options Settings SimParams KernelParams Args Constants "
    "params_t config_t Limits Setup".split()
)
PARAMETER_OWNERS = tuple("p p params prm cfg opt config args par c_ settings pr".split())
RECORD_TYPES = tuple(
    "Particle Particle Body Point Point3 Atom Cell Node Vertex Sample Record Entry Pixel Agent "
    "Element Star Item particle_t point_t".split()
)
RECORD_OWNERS = tuple(
    "p p particles bodies pts points atoms cells nodes items data verts recs elems pt arr".split()
)
RECORD_FIELDS = _groups(
    "x y z w, x y z m, px py vx vy, pos vel acc mass, u v w p, a b c d, value weight grad "
    "bias, r g b a, lo hi mid len, first second third fourth, cur next old tmp"
)
ROW_TYPES = tuple("Vector Array Buffer Signal Vec Span Series vec_t".split())
MATRIX_TYPES = tuple("Matrix Matrix Mat Image Grid Field2D Array2D matrix_t Plane".split())
VOLUME_TYPES = tuple("Volume Tensor Grid3D Field3D Batch tensor_t".split())
CONTENTS = tuple("data data data elements values ptr elems buf v".split())
ROW_SIZES = tuple((word,) for word in "size n length len count num".split())
MATRIX_SIZES = _groups("rows cols, rows cols, height width, h w, ny nx, m n, n_rows n_cols")
VOLUME_SIZES = _groups("depth height width, nz ny nx, d h w, channels rows cols")
BUNDLE_TYPES = tuple("Data Args Grid Problem State Context Work Mesh Task Input Job args_t".split())
BUNDLE_OWNERS = tuple("d args g data s ctx w st prob job a t".split())
