"""What is asked of a running vCenter: plain functions over pyVmomi."""
