export default { open: () => null };
