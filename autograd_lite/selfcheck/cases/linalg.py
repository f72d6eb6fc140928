"""Linear algebra."""

_PRODUCTS = (
    "x @ M",
    "M.T @ x.T",
    "v @ M",
    "x @ v",
    "v @ v",
    "stack @ N",
    "M.T @ x[0]",
    "x[1] @ stack",
    "np.matmul(stack, N)",
    "stack.mT @ stack",
    "x[:, None, :] @ stack",
    "M @ N @ w",
    "e @ M",
    "B @ C",
    "u @ B",
    "x @ B",
    *(
        f"np.dot({ab})"
        for ab in ("x, M", "v, v", "v[1], x", "t, N", "N.T, t.mT", "t, w[[0, 0, 1, 1]]")
    ),
    *(f"np.dot({ab})" for ab in ("v, M", "B, u", "u, v", "3.0, x", "x, v[0]", "t, t.mT[0]")),
    *(f"np.inner({ab})" for ab in ("v, q", "x, y", "t, M", "x, v", "v[1], x", "u, z")),
    *(f"np.outer({ab})" for ab in ("v, w", "x, w", "u, v", "s, v")),
    *(f"np.vdot({ab})" for ab in ("v, q", "x, y", "u, v", "z, z * z")),
    *(f"np.tensordot({ab})" for ab in ("x, M, 1", "t, t, 3", "v, w, 0", "t, M, axes=2")),
    "np.tensordot(t, stack, axes=([0, 2], [0, -1]))",
    "np.tensordot(t, x, axes=(1, 1))",
    "np.tensordot(z, B, axes=[[1], [0]])",
    *(f"np.kron({ab})" for ab in ("x, M", "v, w", "t, x", "w, t", "s, x", "u, x", "v, s")),
    *(f"np.cross({ab})" for ab in ("v, q", "x, y", "x, v", "z, u")),
    "np.cross(x.T, y.T, axis=0)",
    "np.cross(x.T, y, axisa=0, axisb=-1, axisc=0)",
    "np.linalg.multi_dot([x, M, N])",
    "np.linalg.multi_dot([v, M, N, w])",
    "np.linalg.multi_dot([A, x.T])",
    "np.linalg.multi_dot((N, x, M, N, w))",
    "np.vecdot(x, y)",
    "np.vecdot(z, u)",
    "np.vecdot(x, c, axis=0)",
    "np.vecdot(t, M)",
    "np.matvec(stack, M[0])",
    "np.matvec(B, z)",
    "np.vecmat(v, stack)",
    "np.vecmat(z, B)",
    "np.linalg.matmul(x, M)",
    "np.linalg.outer(v, w)",
    "np.linalg.cross(x, y)",
    "np.linalg.cross(x.T, y.T, axis=0)",
    "np.linalg.tensordot(t, M, axes=2)",
    "np.linalg.vecdot(z, u)",
    "np.linalg.vecdot(x, y, axis=0)",
    "np.linalg.matrix_transpose(t) * t.mT",
    "np.linalg.diagonal(t)",
    "np.linalg.diagonal(t, offset=1)",
    "np.linalg.trace(t)",
    "np.linalg.trace(B, offset=-1)",
)

_EINSUM = (
    *(f"np.einsum('ij,jk{to}', x, M)" for to in ("", "->ik", "->ki", "->", "->j", "->ijk")),
    *(f"np.einsum('ii{to}', A)" for to in ("", "->i")),
    *(f"np.einsum('{how}', AA)" for how in ("iij", "iij->j", "jij->i", "iii", "iii->i", "kij->ji")),
    *(f"np.einsum('{how}', x)" for how in ("ij", "ji", "ij->j", "ij->", "i...->...")),
    *(f"np.einsum('{how}', t)" for how in ("ijk->", "...i", "...i->...", "...ij->...ji", "i...")),
    *(f"np.einsum('{how}', v, v)" for how in ("i,i", "i,j", "i,i->i", "j,i", "i,j->")),
    *(
        f"np.einsum('{how}', t, M)"
        for how in ("...jk,jk", "ijk,jk->ik", "...k,jk->...j", "i...,...")
    ),
    "np.einsum('...i,...i', x, v)",
    "np.einsum('...i,...i->...', t[..., :3], v)",
    "np.einsum('i...,j...->ij...', t[:, :1], M)",
    "np.einsum('...,...', x, c)",
    "np.einsum('... , ...j -> j...', s, x)",
    "np.einsum('ij,ij->ij', x, c)",
    "np.einsum('ij,ij->j', c, x)",
    "np.einsum('ij,kj', c, x.T[:1])",
    "np.einsum('ij,jk,kl->il', x, M, N)",
    "np.einsum('ij,jk,kl', x, M, N, optimize=True)",
    "np.einsum('ij,jk,kl', x, M, N, optimize='greedy')",
    "np.einsum('ij,jk,kl->il', x, M, N, optimize=['einsum_path', (0, 1), (0, 1)])",
    "np.einsum('ij,ij,ij->i', x, y, x, optimize='optimal')",
    "np.einsum('ii,ij->j', A, A)",
    "np.einsum('ij,ji', A, A)",
    "np.einsum('i,ij,j', v, A, v)",
    "np.einsum('ij,jk->ik', z, B)",
    "np.einsum('ij,jk', x, B)",
    "np.einsum('ii->i', B) * u",
    "np.einsum(',ij', v[0], x)",
    "np.einsum('i,->i', v, 2.0)",
    "np.einsum('ij,j->i', e, v)",
    "np.einsum('Ab,bA', x, x.T)",
    "np.einsum(x, [0, 1], M, [1, 2])",
    "np.einsum(x, [0, 1], M, [1, 2], [2, 0])",
    "np.einsum(t, [..., 1], [1, ...])",
    "np.einsum(x, [1, 0])",
    "np.einsum(A, [30, 30])",
    "np.einsum(x, [26, 2])",
)

_SOLVING = (
    *(f"np.linalg.inv({a})" for a in ("A", "AA", "B", "A @ A.T")),
    *(f"np.linalg.matrix_power({a})" for a in ("A, 2", "A, 3", "A, 1", "AA, -2", "B, 5", "A, -1")),
    "np.linalg.matrix_power(A, 0) * A",
    *(f"np.linalg.solve({ab})" for ab in ("A, x.T", "A, v", "AA, w", "AA, stack[:, :2]")),
    *(
        f"np.linalg.solve({ab})"
        for ab in ("A, t[:, :, :2]", "AA, x", "B, u", "B, v", "A, C", "A, M")
    ),
    "np.linalg.solve(AA[:, None], t.reshape(2, 3, 2, 2))",
    "np.linalg.tensorinv(A[:, :, None], ind=1)",
    "np.linalg.tensorinv((M @ M.T + np.eye(3))[:, None], ind=2)",
    *(f"np.linalg.pinv({a})" for a in ("x", "M", "A", "AA", "N", "C", "z", "B", "stack", "C.T")),
    *(f"np.linalg.pinv({a})" for a in ("x, rtol=1e-9", "x, 1e-9", "N, rcond=1e-9")),
    "np.linalg.pinv(v[:, None] * w, rtol=1e-4)",
    "np.linalg.pinv(u[:, None] * v, rtol=1e-4)",
    *(f"np.linalg.lstsq({ab})[0]" for ab in ("N, q[[0, 1, 2, 0]]", "x, w", "A, v", "N, M.T")),
    *(f"np.linalg.lstsq({ab})[0]" for ab in ("C, u", "C, A", "C.T, w", "B, u", "N, M.T, 1e-9")),
    "np.linalg.lstsq(N, M.T, rcond=None)[1]",
    "np.linalg.lstsq(C, u)[1]",
    "np.linalg.lstsq(N, M[0])[3]",
    *(f"np.linalg.det({a})" for a in ("A", "AA", "B", "AA[:, None]", "A * 1e-3", "e[:, :0]")),
    *(
        f"np.linalg.det({a})"
        for a in ("Z", "Z * 0", "v[:, None] * q", "Z * [1, 1, 0]", "Z + 1e-9 * A")
    ),
    "np.linalg.det(Z * B[0])",
    "np.linalg.det(np.stack([A, Z]))",
    *(f"np.linalg.slogdet({a})[1]" for a in ("A", "AA", "B", "-A", "A[None] * q[:, None, None]")),
    *(f"ag.grad(lambda a: np.linalg.det(a))({a})" for a in ("A", "Z", "0 * Z")),
    "np.linalg.slogdet(AA)[0] * w",
    "np.linalg.slogdet(B)[0]",
    "(lambda r: r[0] * np.exp(r[1]))(np.linalg.slogdet(B[None]))",
    "np.linalg.matrix_rank(A) * A",
)

_NORMS = (
    *(f"np.linalg.norm({x})" for x in ("x", "v", "t", "z", "s * v", "e", "C")),
    *(f"np.linalg.norm(v, {o})" for o in (1, 2, 3, 0.5, 0, -1, -2, "np.inf", "-np.inf", 2.5)),
    *(f"np.linalg.norm(B[0], {o})" for o in (1, 2, 3, 0, "np.inf", "-np.inf", -1.5)),
    *(
        f"np.linalg.norm(x, {o})"
        for o in ("None", 1, -1, 2, -2, "np.inf", "-np.inf", "'fro'", "'nuc'")
    ),
    *(f"np.linalg.norm(C, {o})" for o in (1, -1, 2, -2, "np.inf", "-np.inf", "'fro'", "'nuc'")),
    *(f"np.linalg.norm(t, {o}, axis=1)" for o in ("None", 1, 2, 3, "np.inf", 0)),
    *(f"np.linalg.norm(t, {o}, axis=(2, 0))" for o in ("None", 1, 2, "np.inf", "'fro'", "'nuc'")),
    *(f"np.linalg.norm(t, {o}, (0, -1), True)" for o in ("None", 1, -2, "-np.inf", "'f'", "'nuc'")),
    "np.linalg.norm(x, axis=1, keepdims=True)",
    "np.linalg.norm(x, keepdims=True)",
    "np.linalg.norm(x, ord=3, axis=-2, keepdims=True)",
    "np.linalg.norm(0 * v) + v",
    *(f"np.linalg.vector_norm({a})" for a in ("x", "t, axis=(0, 2)", "z, axis=1, keepdims=True")),
    *(f"np.linalg.vector_norm(t, ord={o}, axis=(0, 1))" for o in (1, 3, 0, "np.inf", "-np.inf")),
    "np.linalg.vector_norm(z, ord=1)",
    *(f"np.linalg.matrix_norm({a})" for a in ("t", "z", "t, keepdims=True", "t, ord='nuc'")),
    *(f"np.linalg.matrix_norm(t * stack, ord={o})" for o in (1, -1, 2, -2, "np.inf", "-np.inf")),
)

_FACTORS = (
    *(f"np.linalg.cholesky({a})" for a in ("A @ A.T", "AA @ AA.mT")),
    "np.linalg.cholesky(A * A + 3 * np.eye(3))",
    "np.linalg.cholesky(B @ np.conj(B.T))",
    "np.linalg.cholesky(B + 4 * np.eye(3))",
    "np.linalg.cholesky(B + 4 * np.eye(3), upper=True)",
    "np.linalg.cholesky(A + 4 * np.eye(3), upper=True)",
    "np.linalg.cholesky(AA @ AA.mT, upper=False)",
    *(
        f"np.linalg.eigvalsh({a})"
        for a in ("A", "AA", "B", "A, 'U'", "B, UPLO='U'", "AA, UPLO='L'")
    ),
    *(f"np.linalg.eigh({a})[0]" for a in ("A", "AA", "B", "A, 'U'", "B, UPLO='U'")),
    *(f"np.abs(np.linalg.eigh({a})[1])" for a in ("A", "AA", "B", "A, 'U'", "B, UPLO='u'")),
    "np.linalg.eigh(A)[1]",
    "np.linalg.eigh(AA)[1]",
    "(lambda r: (r[1] * np.exp(r[0])) @ r[1].T)(np.linalg.eigh(A))",
    "(lambda r: (r[1] * np.tanh(r[0])) @ np.conj(r[1].T))(np.linalg.eigh(B))",
    *(f"np.linalg.eigvals({a})" for a in ("A * [[1], [2], [4]]", "AA", "B", "x[:, :2]", "A - A.T")),
    *(
        f"np.linalg.eig({a})[{k}]"
        for k in (0, 1)
        for a in (
            "A * [[1], [2], [4]]",
            "AA",
            "B",
            "x[:, :2]",
            "A - 1.5 * A.T",
            "AA + [[0, 3], [-3, 0]]",
        )
    ),
    "np.linalg.eig(B)[1] * u",
    *(
        f"np.linalg.qr({a})[{k}]"
        for k in (0, 1)
        for a in ("A", "AA", "x", "x.T", "M", "N", "stack", "stack.mT")
    ),
    *(
        f"np.linalg.qr({a})[{k}]"
        for k in (0, 1)
        for a in ("B", "C", "C.T", "z", "M, 'complete'", "N, mode='reduced'")
    ),
    *(f"np.linalg.qr({a}, mode='r')" for a in ("N", "M", "C", "AA")),
    *(f"np.linalg.svd({a})[{k}]" for k in range(3) for a in ("A", "AA")),
    *(
        f"np.linalg.svd({a}, full_matrices=False)[{k}]"
        for k in range(3)
        for a in ("x", "x.T", "M", "N", "stack", "A")
    ),
    *(f"np.linalg.svd({a}, compute_uv=False)" for a in ("x", "N", "AA", "B", "C", "z")),
    *(f"np.linalg.svdvals({a})" for a in ("M", "stack", "C")),
    *(f"np.linalg.svd({a}, False)[1]" for a in ("x", "B", "C", "z")),
    *(f"np.abs(np.linalg.svd({a}, False)[0])" for a in ("B", "C", "z", "stack")),
    *(f"np.abs(np.linalg.svd({a}, False)[2])" for a in ("B", "C", "z", "stack")),
    *(
        f"(lambda r: (r[0] * np.log(r[1])) @ r[2])(np.linalg.svd({a}, full_matrices=False))"
        for a in ("A", "x", "N", "B", "C", "z")
    ),
    "(lambda r: np.sum(r[0], axis=0) * np.sum(r[2], axis=1))(np.linalg.svd(C, False))",
)

CASES = (
    "ag.grad(lambda a: np.sum(np.abs(np.linalg.eigh(a @ a.T)[1]) ** 3))(A)",
    "ag.grad(lambda a: np.sum(np.abs(np.linalg.svd(a).U) ** 3))(A)",
    *_PRODUCTS,
    *_EINSUM,
    *_SOLVING,
    *_NORMS,
    *_FACTORS,
)
